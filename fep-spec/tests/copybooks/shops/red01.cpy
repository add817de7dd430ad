       01  HEADER-REC.
           05  HR-TYPE                 PIC X.
           05  HR-DATE                 PIC 9(8).
           05  FILLER                  PIC X(11).
       01  DETAIL-REC REDEFINES HEADER-REC.
           05  DR-TYPE                 PIC X.
           05  DR-AMT                  PIC 9(11)V99.
           05  FILLER                  PIC X(6).
       01  TRAILER-REC REDEFINES HEADER-REC.
           05  TR-TYPE                 PIC X.
           05  TR-COUNT                PIC 9(7).
