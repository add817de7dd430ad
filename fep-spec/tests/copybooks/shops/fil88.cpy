       01  F8-REC.
           05  FILLER                  PIC X VALUE 'N'.
               88  F8-ON               VALUE 'Y'.
               88  F8-OFF              VALUE 'N'.
           05  F8-A                    PIC 9(3).
           05                          PIC X(2).
               88  F8-X                VALUE 'AB'.
