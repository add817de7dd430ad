000100 01  이체전문.                                                    TRAN0010
000200     05  출금계좌번호              PIC X(14).                     TRAN0020
000300     05  출금금액                                  PIC 9(13).     TRAN0030
000400     05  비고내용영역코드값             VALUE SPACES PIC X(6).    TRAN0040
