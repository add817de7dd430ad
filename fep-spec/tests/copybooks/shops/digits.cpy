       01  1ST-RECORD.
           05  1A                      PIC X(2).
           05  2-B                     PIC 9(3).
           05  3RD-GROUP.
               10  4TH                 PIC X.
               10  05A                 PIC X(4).
           05  999X                    PIC X.
