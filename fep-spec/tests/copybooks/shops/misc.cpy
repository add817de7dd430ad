       01  MI-REC IS EXTERNAL.
           05  MI-A                    PIC X(2).
       01  MI-G IS GLOBAL.
           05  MI-B                    PIC 9(2).
       78  MAX-N                       VALUE 5.
       01  MI-T.
           05  MI-C OCCURS 5           PIC X.
       LINKAGE SECTION.
       01  MI-L.
           05  MI-D                    PIC X(3).
