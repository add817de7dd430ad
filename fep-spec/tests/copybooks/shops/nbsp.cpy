       01  NB-REC.
           05 NB-A PIC X(2).
           05　NB-B　PIC 9(3).
