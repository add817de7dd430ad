//! [`Record`]: a telegram whose layout is known at run time only.
