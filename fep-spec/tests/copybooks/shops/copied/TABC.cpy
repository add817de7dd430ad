           05  :TAG:-T OCCURS 10 TIMES INDEXED BY IX-1.
               10  :Tag:-A             PIC X(3).
           05  :TAG:-B OCCURS 1 TIMES PIC X.
