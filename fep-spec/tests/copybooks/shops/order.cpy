       01  REC-ORDER.
           05  A-1
               USAGE IS COMPUTATIONAL-3
               VALUE IS ZERO
               PICTURE IS S9(5)V9(2).
           05  A-2 OCCURS 2 TIMES
               INDEXED BY IX-2
               VALUE SPACES
               PIC X(3).
           05  A-3 COMP VALUE +12 PIC S9(8) SYNC RIGHT.
           05  A-4 SIGN IS LEADING SEPARATE CHARACTER
               PIC S9(6).
           05  A-5 BLANK WHEN ZERO PIC 9(4).
           05  A-6 JUSTIFIED RIGHT PIC X(8).
           05  A-7 JUST PIC X(8).
           05  A-8 DISPLAY PIC 9(2).
           05  A-9 PACKED-DECIMAL PIC 9(5).
