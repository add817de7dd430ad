      * THE VALUES OF HOST-B.CPY WITH TWO LOANS: NUMBERS AS PLAIN
      * DIGITS WITH THE SIGN BEFORE THEM, TEXTS AS THEIR BYTES.
       01  V-LOAN-LIST.
           05  V-LENGTH-ALL         PIC 9(4).
           05  V-TRAN-ID            PIC X(8).
           05  V-TELEGRAM-CODE      PIC 9(4).
           05  V-TRACE-NO           PIC S9(7)    SIGN LEADING SEPARATE.
           05  V-TRAN-DATE          PIC 9(8).
           05  V-TRAN-TIME          PIC 9(6).
           05  V-RESPONSE-CODE      PIC X(2).
           05  V-CUSTOMER-NO        PIC X(13).
           05  V-CUSTOMER-NAME      PIC X(30).
           05  V-LOAN-COUNT         PIC 9(4).
           05  V-LOANS OCCURS 2 TIMES.
               10  V-LOAN-NO        PIC X(14).
               10  V-BALANCE        PIC S9(13)V99 SIGN LEADING SEPARATE.
               10  V-RATE           PIC 9(2)V999.
               10  V-LOAN-STATUS    PIC X.
               10  V-OPENED         PIC 9(8).
               10  V-ADJUST         PIC S9(9)    SIGN LEADING SEPARATE.
               10  V-MEMO-KIND      PIC X(4).
               10  V-MEMO-REST      PIC X(16).
