           05  HC-A                    PIC X(2).
