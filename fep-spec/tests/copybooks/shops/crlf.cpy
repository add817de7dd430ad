000100 01  CR-REC.                                                      CRREC001
000200     05  CR-A  PIC X(4).                                          CRREC002
000300     05  CR-B  PIC 9(3).
