       01  CW-REC.
           COPY WORDC REPLACING OLD-A BY NEW-A
                                'X' BY 'Y'
                                10 BY 12.
           05  CW-Z                    PIC X.
