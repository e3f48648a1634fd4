//! Holds no code: its manifest turns on, for every function, the features that any function needs of a dependency.
//!
//! Functions are built one by one, and cargo compiles a dependency once for each set of features that it is asked for.
//! Every function depends on this crate, so that there is one set.
