//! Loading modules: each once a process, for PKCS#11 forbids to initialise one twice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Refused, RvError};

use super::uri::ModuleName;
use super::{Pkcs11Key, trouble};
use crate::Result;
use crate::signers::KeySource;

/// Knows the modules that p11-kit is set up with.
const PROXY: &str = "p11-kit-proxy.so";
/// Where modules are installed.
const FOLDERS: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/pkcs11",
    "/usr/lib/aarch64-linux-gnu/pkcs11",
    "/usr/lib64/pkcs11",
    "/usr/lib/pkcs11",
    "/usr/local/lib/pkcs11",
    "/usr/lib/softhsm",
    "/usr/lib64/softhsm",
    "/usr/local/lib/softhsm",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
];

static LOADED: Mutex<BTreeMap<PathBuf, Pkcs11>> = Mutex::new(BTreeMap::new());

/// The file that is meant.
pub(super) fn path(key: &Pkcs11Key, source: &KeySource) -> Result<PathBuf> {
    let name = match &key.module {
        Some(ModuleName::Path(path)) => return Ok(path.clone()),
        None => return Ok(PROXY.into()),
        Some(ModuleName::Name(name)) => name,
    };
    let files = [format!("{name}.so"), format!("lib{name}.so")];
    FOLDERS
        .iter()
        .flat_map(|folder| files.iter().map(move |file| Path::new(folder).join(file)))
        .find(|path| path.is_file())
        .ok_or_else(|| {
            trouble(
                source,
                format!("neither {name}.so nor lib{name}.so is in any of the folders for modules"),
                Some(format!(
                    "find it with `find / -name '*{name}*.so'` and name the file with \
                     ?module-path=/path/to/it at the end of the URI"
                )),
            )
        })
}

/// Loads and initialises a module, or gives the one that is loaded.
pub(super) fn load(path: &Path, source: &KeySource) -> Result<Pkcs11> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = loaded.get(path) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(path).map_err(|error| {
        let reason = unloaded(path, &error);
        trouble(source, reason, Some(NAME_IT.to_owned()))
    })?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        // The same module under another name.
        Ok(()) | Err(Refused::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => {
            return Err(trouble(
                source,
                format!("module {} does not start: {error}", path.display()),
                Some(format!(
                    "see whether it works at all with: pkcs11-tool --module {} --list-slots \
                     (SoftHSM needs a readable SOFTHSM2_CONF)",
                    path.display()
                )),
            ));
        }
    }
    loaded.insert(path.to_owned(), module.clone());
    Ok(module)
}

const NAME_IT: &str = "install the token's module (Debian: softhsm2, opensc, ykcs11; \
    p11-kit-modules finds all that are installed) and name its file with \
    ?module-path=/path/to/it at the end of the URI";

fn unloaded(path: &Path, error: &Refused) -> String {
    let path_shown = path.display();
    match error {
        Refused::LibraryLoading(_) if path.is_absolute() && !path.exists() => {
            format!("there is no module {path_shown}")
        }
        Refused::MissingSymbol(symbol) => {
            format!("{path_shown} is no PKCS#11 module: it has no {symbol}")
        }
        Refused::LibraryLoading(error) => {
            format!("module {path_shown} cannot be loaded: {error}")
        }
        other => format!("module {path_shown} cannot be loaded: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{load, path};
    use crate::signers::{KeySource, Pkcs11Key};

    fn source() -> KeySource {
        KeySource::parse("pkcs11:token=a".as_ref()).unwrap()
    }

    fn refused(file: &Path) -> String {
        match load(file, &source()) {
            Ok(_) => panic!("{} was loaded", file.display()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_uri_goes_before_the_option_and_that_before_the_proxy() {
        let named = |text| Pkcs11Key::parse(text).unwrap();
        let (uri, none) = (named("token=a?module-path=/a.so"), named("token=a"));
        let with = |key: &Pkcs11Key| path(&key.clone().or_module("/b.so".into()), &source());
        assert_eq!(with(&uri).unwrap(), PathBuf::from("/a.so"));
        assert_eq!(with(&none).unwrap(), PathBuf::from("/b.so"));
        let proxy = path(&none, &source()).unwrap();
        assert_eq!(proxy, PathBuf::from("p11-kit-proxy.so"));
    }

    #[test]
    fn a_name_that_is_nowhere_is_told() {
        let key = Pkcs11Key::parse("token=a?module-name=no-such-module").unwrap();
        let error = path(&key, &source()).unwrap_err();
        assert!(error.to_string().contains("libno-such-module.so"));
        assert!(error.hint().unwrap().contains("module-path"));
    }

    #[test]
    fn what_is_no_module_is_told() {
        assert!(refused(Path::new("/no/such/module.so")).contains("there is no module"));
        assert!(refused(Path::new("no-such-module.so")).contains("cannot be loaded"));
        let text = tempfile::NamedTempFile::new().unwrap();
        assert!(refused(text.path()).contains("cannot be loaded"));
        // A library that is no module.
        assert!(refused(Path::new("libm.so.6")).contains("no C_GetFunctionList"));
    }
}
