       01  POL-REC.
           05  POL-STATE               PIC X(2).
               88  POL-NE-STATES       VALUE 'CT' 'MA' 'ME' 'NH'
                                             'RI' 'VT'.
               88  POL-MID-ATL         VALUE 'NJ', 'NY', 'PA'.
           05  POL-LOB                 PIC 9(3).
               88  POL-AUTO            VALUES ARE 100 THRU 199.
               88  POL-HOME            VALUES ARE 200 THRU 299.
           05  POL-TERM                PIC S9(3) COMP-3.
               88  POL-ANNUAL          VALUE +12.
           05  POL-PREM                PIC S9(7)V99.
               88  POL-NO-PREM         VALUE ZERO.
           05  POL-X                   PIC X(3).
               88  POL-X-A             VALUE 'A'.
               88  POL-X-HEX           VALUE X'C1C1C1'.
           05  POL-END                 PIC X.
