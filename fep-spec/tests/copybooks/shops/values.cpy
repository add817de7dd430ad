       01  VAL-REC.
           05  V-1  PIC X(4) VALUE ALL '*'.
           05  V-2  PIC X(4) VALUE LOW-VALUES.
           05  V-3  PIC X(4) VALUE HIGH-VALUE.
           05  V-4  PIC X(2) VALUE X'C1C2'.
           05  V-5  PIC 9(4) VALUE ZEROES.
           05  V-6  PIC S9(3)V99 VALUE -12.34.
           05  V-7  PIC X(5) VALUE "O'NEI".
           05  V-8  PIC X(5) VALUE 'IT''S.'.
           05  V-9  PIC X(3) VALUE QUOTE.
           05  V-10 PIC S9(5) COMP-3 VALUE +0.
           05  V-11 PIC X(3) VALUE 'A.B'.
           05  V-12 PIC 9V9 VALUE 1.5.
           05  FILLER PIC X(2) VALUE X'0D0A'.
           05  FILLER PIC X(3) VALUE ALL '-'.
           05  FILLER PIC X(4) VALUE HIGH-VALUES.
           05  FILLER PIC S9(3) COMP-3 VALUE ZERO.
           05  FILLER PIC X VALUE '.'.
           05  V-13 PIC X.
