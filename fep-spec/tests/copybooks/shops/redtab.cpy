       01  RT-REC.
           05  RT-T OCCURS 3.
               10  RT-K                PIC X.
               10  RT-A                PIC X(4).
               10  RT-B REDEFINES RT-A.
                   15  RT-C            PIC X.
                       88  RT-YES      VALUE 'Y'.
                   15  RT-D            PIC S9(9) COMP.
               10  RT-E REDEFINES RT-A PIC S9(7) COMP-3.
           05  RT-Z                    PIC X.
