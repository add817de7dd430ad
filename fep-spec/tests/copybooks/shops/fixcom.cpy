      D01  DEBUG-REC.
      D    05  DB-A                    PIC X.
       01  FC-REC. *> inline comment 'with quote
           05  FC-A                    PIC X(2). *> 05 NOT PIC X.
      /    PAGE EJECT COMMENT
           05  FC-B                    PIC X VALUE '*'. *> x
      *>   05  FC-NOT                  PIC X.
           05  FC-C                    PIC X(4) VALUE '*> A'.
