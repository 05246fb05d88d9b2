//! Publications of yum repositories: killed, failing, several at once, and read all the
//! while.

mod clients;
mod crash;
mod together;
