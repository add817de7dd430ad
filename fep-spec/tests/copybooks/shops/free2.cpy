>>SOURCE FREE
01 r. 05 a pic x(2). 05 b pic 9(3). 05 c. 10 d pic x. 10 e pic s9(4) binary. 05 f pic x.
