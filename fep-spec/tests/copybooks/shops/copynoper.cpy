       01  CN-REC.
           COPY HDRC
           05  CN-A                    PIC X(3).
           COPY HDRD REPLACING ==A-== BY ==B-==
           05  CN-B                    PIC X(4).
