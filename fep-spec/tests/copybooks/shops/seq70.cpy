000100***************************************************************** LOANS010
000200*    ACCOUNT MASTER RECORD               COPY MEMBER ACCTMST    * LOANS011
000300***************************************************************** LOANS012
000400 01  ACCOUNT-MASTER-RECORD.                                       LOANS013
000500     03  AMR-KEY.                                                 LOANS014
000600         05  AMR-BANK-NO             PICTURE IS 999.              LOANS015
000700         05  AMR-BRANCH-NO           PICTURE 9(4).                LOANS016
000800         05  AMR-ACCOUNT-NO          PICTURE IS 9(7)              LOANS017
000900                                     USAGE IS COMPUTATIONAL-3.    LOANS018
001000     03  AMR-BALANCE                 PICTURE S9(9)V99             LOANS019
001100                                     COMPUTATIONAL-3.             LOANS010
001200     03  AMR-COUNT                   PIC S9(4) COMPUTATIONAL.     LOANS011
001300     03  AMR-FLAGS.                                               LOANS012
001400         05  FILLER                  PICTURE X.                   LOANS013
001500         05  AMR-FLAG                PICTURE X OCCURS 3 TIMES.    LOANS014
001600/                                                                 LOANS015
001700     03  FILLER                      PICTURE X(05) VALUE SPACE.   LOANS016
