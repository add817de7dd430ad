      * THE RECORD ON THE WIRE, EVERY NUMERIC FORM OF GNUCOBOL IN IT.
       01  LOAN-LIST.
           05  LENGTH-ALL           PIC 9(4)        COMP.
           05  TRAN-ID              PIC X(8).
           05  TRACE-NO             PIC S9(7)       COMP-3.
           05  TRAN-DATE            PIC 9(9)        COMP-3.
           05  TRAN-TIME            PIC 9(7)        COMP-3.
           05  FILLER               PIC X(3)        VALUE SPACES.
           05  LOAN-COUNT           PIC 9(4)        COMP.
           05  LOANS OCCURS 0 TO 20 TIMES DEPENDING ON LOAN-COUNT.
               10  LOAN-NO          PIC X(14).
               10  BALANCE          PIC S9(13)V99   COMP-3.
               10  RATE             PIC 9(2)V999    COMP-3.
               10  EVEN-DIGITS      PIC S9(4)       COMP-3.
               10  WIDE             PIC S9(31)      COMP-3.
               10  BCD-DIGITS       PIC 9(5)        COMP-6.
               10  ADJUST           PIC S9(9).
               10  PLAIN            PIC 9(9).
               10  OVER-LEADING     PIC S9(5)       SIGN LEADING.
               10  SIGN-LEADING     PIC S9(5)
                                    SIGN LEADING SEPARATE.
               10  SIGN-TRAILING    PIC S9(5)V99
                                    SIGN TRAILING SEPARATE.
               10  BINARY-1         PIC 9(2)        COMP.
               10  BINARY-2         PIC S9(4)       COMP.
               10  BINARY-4         PIC S9(9)       COMP.
               10  BINARY-8         PIC S9(18)      COMP.
               10  NATIVE-2         PIC S9(4)       COMP-5.
               10  NATIVE-4         PIC 9(9)        COMP-5.
               10  NATIVE-8         PIC S9(18)      COMP-5.
