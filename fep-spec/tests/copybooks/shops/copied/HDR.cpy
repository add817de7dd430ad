           10  :TAG:-ID                PIC X(4).
           10  :TAG:-NAME              PIC X(:LEN:).
           COPY NESTED.
