       01  DC-REC.
           05  DC-IN.
               10  CNT                 PIC 9(2).
               10  CODE-A              PIC X.
           05  DC-OUT.
               10  CNT                 PIC 9(3).
               10  CODE-B              PIC X.
           05  DC-T1 OCCURS 1 TO 9 TIMES
                     DEPENDING ON CNT OF DC-OUT.
               10  DC-X                PIC X(2).
