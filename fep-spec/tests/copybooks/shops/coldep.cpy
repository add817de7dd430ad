      * STANDARD COPYBOOK
       01  CD-REC.
           05  CD-N                    PIC 9(2).
           05  CD-T OCCURS 0 TO 5 TIMES
      DEPENDING ON CD-N.
               10  CD-A                PIC X(2).
