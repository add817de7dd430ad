      ******************************************************************
      * DCLGEN TABLE(BANKP.CUSTOMER)                                   *
      *        LIBRARY(BANKP.DCLGEN(CUSTOMER))                         *
      *        ACTION(REPLACE)                                         *
      *        LANGUAGE(COBOL)                                         *
      *        QUOTE                                                   *
      * ... IS THE DCLGEN COMMAND THAT MADE THE FOLLOWING STATEMENTS   *
      ******************************************************************
           EXEC SQL DECLARE BANKP.CUSTOMER TABLE
           ( CUST_NO                        INTEGER NOT NULL,
             CUST_NM                        VARCHAR(40) NOT NULL,
             BAL_AMT                        DECIMAL(15, 2) NOT NULL,
             OPEN_DT                        DATE
           ) END-EXEC.
      ******************************************************************
      * COBOL DECLARATION FOR TABLE BANKP.CUSTOMER                     *
      ******************************************************************
       01  DCLCUSTOMER.
           10 CUST-NO              PIC S9(9) USAGE COMP.
           10 CUST-NM.
              49 CUST-NM-LEN       PIC S9(4) USAGE COMP.
              49 CUST-NM-TEXT      PIC X(40).
           10 BAL-AMT              PIC S9(13)V9(2) USAGE COMP-3.
           10 OPEN-DT              PIC X(10).
      ******************************************************************
      * INDICATOR VARIABLE STRUCTURE                                   *
      ******************************************************************
       01  ICUSTOMER.
           10 INDSTRUC           PIC S9(4) USAGE COMP OCCURS 4 TIMES.
      ******************************************************************
      * THE NUMBER OF COLUMNS DESCRIBED BY THIS DECLARATION IS 4       *
      ******************************************************************
