       1   PU-REC.
           5   PU-A, PIC X(3), VALUE 'A,B'.
           5   PU-B; PIC 9(4); COMP-3.
           5   PU-C PIC ZZ,ZZ9.99.
           5   PU-D Pic s9(3)v9, Usage Comp-3.
           5   PU-E Pic 9(3)V99.
