       01  GS-REC SIGN IS TRAILING SEPARATE.
           05  GS-A                    PIC S9(5).
           05  GS-B                    PIC 9(3).
           05  GS-G SIGN LEADING SEPARATE CHARACTER.
               10  GS-C                PIC S9(2)V9.
               10  GS-D                PIC S9(4) COMP.
               10  GS-E                PIC S9(3) SIGN TRAILING.
           05  GS-F                    PIC S9.
