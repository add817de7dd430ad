      * THE SAME VALUES AS A LINE OF PLAIN DIGITS WITH A SIGN BEFORE
      * THEM. A LINE "H" IS A RECORD'S HEAD, EACH LINE "L" A LOAN.
       01  HEAD-LINE.
           05  MARK                 PIC X.
           05  T-TRAN-ID            PIC X(8).
           05  T-TRACE-NO           PIC S9(7)    SIGN LEADING SEPARATE.
           05  T-TRAN-DATE          PIC 9(8).
           05  T-TRAN-TIME          PIC 9(6).
           05  T-COUNT              PIC 9(2).
       01  LOAN-LINE.
           05  MARK-2               PIC X.
           05  T-LOAN-NO            PIC X(14).
           05  T-BALANCE            PIC S9(13)V99 SIGN LEADING SEPARATE.
           05  T-RATE               PIC 9(2)V999.
           05  T-EVEN-DIGITS        PIC S9(4)    SIGN LEADING SEPARATE.
           05  T-WIDE               PIC S9(31)   SIGN LEADING SEPARATE.
           05  T-BCD-DIGITS         PIC 9(5).
           05  T-ADJUST             PIC S9(9)    SIGN LEADING SEPARATE.
           05  T-PLAIN              PIC 9(9).
           05  T-OVER-LEADING       PIC S9(5)    SIGN LEADING SEPARATE.
           05  T-SIGN-LEADING       PIC S9(5)    SIGN LEADING SEPARATE.
           05  T-SIGN-TRAILING      PIC S9(5)V99 SIGN LEADING SEPARATE.
           05  T-BINARY-1           PIC 9(2).
           05  T-BINARY-2           PIC S9(5)    SIGN LEADING SEPARATE.
           05  T-BINARY-4           PIC S9(9)    SIGN LEADING SEPARATE.
           05  T-BINARY-8           PIC S9(18)   SIGN LEADING SEPARATE.
           05  T-NATIVE-2           PIC S9(5)    SIGN LEADING SEPARATE.
           05  T-NATIVE-4           PIC 9(10).
           05  T-NATIVE-8           PIC S9(19)   SIGN LEADING SEPARATE.
