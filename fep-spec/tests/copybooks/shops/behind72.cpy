       01  BH-REC.                                                      
           05  BH-A                    PIC S9(9)                        COMP-3
               VALUE ZERO.                                              
           05  BH-B PIC X.
