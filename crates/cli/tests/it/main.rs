//! The command as its users meet it: the real binary, real files, exit status and output.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail loudly, and say what they skip"
)]

mod agent;
mod apt_peers;
mod apt_road;
mod apt_tend;
mod apt_verify;
mod clients;
mod deb;
mod disk;
mod files;
mod forecast;
mod forecast_peers;
mod index;
mod key_doctor;
mod key_life;
mod key_peers;
mod key_stored;
mod keyring_audit;
mod keyring_tools;
mod keyring_versions;
mod long_user_ids;
mod manual;
mod maven;
mod outcome;
mod passphrases;
mod pinentry;
mod repo_file;
mod road;
mod rotate;
mod rotate_peers;
mod rpm_lint;
mod rpm_moving;
mod rpm_sign;
mod rpm_verify;
mod run;
mod safety;
mod secrets;
mod signers;
mod sources;
mod upload;
mod upload_peers;
mod yum_make;
mod yum_verify;
