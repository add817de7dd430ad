           05  HD-A                    PIC X(3).
