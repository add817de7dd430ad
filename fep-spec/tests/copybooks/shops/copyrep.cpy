       01  TX-REC.
           05  TX-HEAD.
               COPY HDR REPLACING ==:TAG:== BY ==TX==
                                  ==:LEN:== BY ==12==.
           05  TX-BODY.
           COPY BODYC REPLACING LEADING ==IN-== BY ==OUT-==
                               ==PIC X(5)== BY ==PIC X(7)==.
           05  TX-END                  PIC X.
