           05  OLD-A                   PIC X VALUE 'X'.
           05  OLD-A-B                 PIC X(2).
