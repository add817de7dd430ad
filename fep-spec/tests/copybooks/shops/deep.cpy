       01  DP-REC.
           02  DP-1.
            03  DP-2.
             04  DP-3 OCCURS 2.
              05  DP-4.
               06  DP-5 OCCURS 3.
                07  DP-6.
                 08  DP-7 OCCURS 2.
                  09  DP-8             PIC X.
                  09  DP-9             PIC 9(2).
                 08  DP-10             PIC X(2).
               06  DP-11               PIC X.
              05  DP-12                PIC S9(5) COMP-3.
           02  DP-13                   PIC X.
