       01  PC-REC.
           05  PC-1                    PIC S9(4)PP COMP.
           05  PC-2                    PIC 9(4)P(6) BINARY.
           05  PC-3                    PIC VPPP9(3) COMP.
           05  PC-4                    PIC S9(5)P(2) COMP-3.
           05  PC-5                    PIC SPP9(3) PACKED-DECIMAL.
           05  PC-6                    PIC X.
