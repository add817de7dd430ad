       TITLE 'PAYMENT RECORD'
       REPLACE ==:P:== BY ==PAY== ==:XLEN:== BY ==6==.
       01  :P:-REC.
           EJECT
           05  :P:-A                   PIC X(:XLEN:).
           SKIP1
           05  :P:-B                   PIC 9(2).
           SKIP3.
       REPLACE OFF.
       01  OTHER-R.
           05  XLEN                    PIC X(2).
