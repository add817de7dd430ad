           10  IN-A                    PIC X(5).
           10  IN-B                    PIC 9(6).
