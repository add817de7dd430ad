       01  DUP-REC.
           05  SENDER.
               10  BANK                PIC X(3).
               10  ACCT                PIC X(14).
               10  NAME                PIC X(20).
           05  RECEIVER.
               10  BANK                PIC X(3).
               10  ACCT                PIC X(14).
               10  NAME                PIC X(20).
           05  FEES OCCURS 2.
               10  NAME                PIC X(5).
               10  FEE                 PIC 9(5).
