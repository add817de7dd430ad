       01  CO-REC.
           05  CO-A                    PIC X(20) VALUE 'ABCDEFGHIJ 05 X
      -    'KLM. 05 N'.
           05  CO-LONG-NA
      -        ME                      PIC X(3).
           05  CO-B                    PIC S9(5)V9
      -                                9 COMP-3.
           05  CO-C                    PIC X.
