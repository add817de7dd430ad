       01  BI-REC.
           COPY TABC REPLACING ==INDEXED BY IX-1== BY ====
                               ==:tag:== BY ==BI==
                               ==10 TIMES== BY ==2 TIMES==.
           05  BI-Z                    PIC X.
