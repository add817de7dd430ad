       01  PB-REC.
           05  PB-1                    PIC S99V9P(1) COMP.
           05  PB-2                    PIC 9P9.
           05  PB-3                    PIC X.
