//! Tag numbers. Those of the two headers overlap (1000 is SIZE in one and NAME in the
//! other), hence two types.

/// The types of header data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Kind {
    /// Single bytes as characters.
    Char = 1,
    /// 8-bit integers.
    Int8 = 2,
    /// 16-bit integers.
    Int16 = 3,
    /// 32-bit integers.
    Int32 = 4,
    /// 64-bit integers.
    Int64 = 5,
    /// One string.
    String = 6,
    /// Bytes.
    Bin = 7,
    /// Several strings.
    StringArray = 8,
    /// Several strings, one for each locale.
    I18nString = 9,
}

impl Kind {
    /// By its number in an index entry.
    pub fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Char,
            2 => Self::Int8,
            3 => Self::Int16,
            4 => Self::Int32,
            5 => Self::Int64,
            6 => Self::String,
            7 => Self::Bin,
            8 => Self::StringArray,
            9 => Self::I18nString,
            _ => return None,
        })
    }

    /// Its number in an index entry.
    pub fn number(self) -> u32 {
        self as u32
    }

    /// Bytes of one element and its alignment; `None` for strings.
    pub fn width(self) -> Option<usize> {
        match self {
            Self::Char | Self::Int8 | Self::Bin => Some(1),
            Self::Int16 => Some(2),
            Self::Int32 => Some(4),
            Self::Int64 => Some(8),
            Self::String | Self::StringArray | Self::I18nString => None,
        }
    }

    /// Alignment of its data.
    pub fn alignment(self) -> usize {
        self.width().unwrap_or(1)
    }
}

macro_rules! tags {
    ($type:ident: $($name:ident = $number:literal, $doc:literal;)*) => {
        impl $type {
            $(#[doc = $doc] pub const $name: Self = Self($number);)*

            /// Its name in rpm's documentation, where it is known here.
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($number => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

/// A tag of the signature header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignatureTag(pub u32);

tags! { SignatureTag:
    HEADERSIGNATURES = 62, "The region.";
    BADSHA1_1 = 264, "Obsolete.";
    BADSHA1_2 = 265, "Obsolete.";
    DSA = 267, "DSA, ECDSA or EdDSA signature on the main header.";
    RSA = 268, "RSA signature on the main header.";
    SHA1 = 269, "SHA-1 of the main header.";
    LONGSIZE = 270, "Bytes of main header and payload, from 4 GiB on.";
    LONGARCHIVESIZE = 271, "Bytes of the uncompressed payload, from 4 GiB on.";
    SHA256 = 273, "SHA-256 of the main header.";
    FILESIGNATURES = 274, "IMA signatures, one for each file.";
    FILESIGNATURELENGTH = 275, "Length of those.";
    VERITYSIGNATURES = 276, "fs-verity signatures, one for each file.";
    VERITYSIGNATUREALGO = 277, "Algorithm of those.";
    OPENPGP = 278, "Signatures on the main header, each in base64.";
    SHA3_256 = 279, "SHA3-256 of the main header.";
    RESERVED = 999, "Space for signatures, version 6.";
    SIZE = 1000, "Bytes of main header and payload.";
    LEMD5_1 = 1001, "Obsolete.";
    PGP = 1002, "RSA signature on main header and payload.";
    LEMD5_2 = 1003, "Obsolete.";
    MD5 = 1004, "MD5 of main header and payload.";
    GPG = 1005, "DSA, ECDSA or EdDSA signature on main header and payload.";
    PGP5 = 1006, "Obsolete signature on main header and payload.";
    PAYLOADSIZE = 1007, "Bytes of the uncompressed payload.";
    RESERVEDSPACE = 1008, "Space for signatures, version 4.";
}

impl SignatureTag {
    /// The type, and the count where it is fixed, that the format gives this tag.
    pub fn shape(self) -> Option<(Kind, Option<usize>)> {
        Some(match self {
            Self::HEADERSIGNATURES | Self::MD5 => (Kind::Bin, Some(16)),
            Self::DSA
            | Self::RSA
            | Self::PGP
            | Self::GPG
            | Self::PGP5
            | Self::RESERVED
            | Self::RESERVEDSPACE => (Kind::Bin, None),
            Self::SHA1 | Self::SHA256 | Self::SHA3_256 | Self::BADSHA1_1 | Self::BADSHA1_2 => {
                (Kind::String, Some(1))
            }
            Self::LONGSIZE | Self::LONGARCHIVESIZE => (Kind::Int64, Some(1)),
            Self::FILESIGNATURES | Self::VERITYSIGNATURES | Self::OPENPGP => {
                (Kind::StringArray, None)
            }
            Self::FILESIGNATURELENGTH
            | Self::VERITYSIGNATUREALGO
            | Self::SIZE
            | Self::PAYLOADSIZE => (Kind::Int32, Some(1)),
            Self::LEMD5_1 | Self::LEMD5_2 => (Kind::Bin, Some(16)),
            _ => return None,
        })
    }

    /// Whether it is one of the two reserves.
    pub fn is_reserve(self) -> bool {
        matches!(self, Self::RESERVED | Self::RESERVEDSPACE)
    }
}

impl std::fmt::Display for SignatureTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}

/// A tag of the main header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HeaderTag(pub u32);

tags! { HeaderTag:
    HEADERIMMUTABLE = 63, "The region.";
    NAME = 1000, "Name.";
    VERSION = 1001, "Version.";
    RELEASE = 1002, "Release.";
    EPOCH = 1003, "Epoch.";
    ARCH = 1022, "Architecture.";
    SOURCERPM = 1044, "The source package; absent in source packages.";
    SOURCEPACKAGE = 1106, "Present in source packages.";
    BASENAMES = 1117, "Names of the files.";
    PAYLOADCOMPRESSOR = 1125, "How the payload is compressed.";
    PAYLOADSHA256 = 5092, "Digest of the payload as stored.";
    PAYLOADSHA256ALGO = 5093, "Hash algorithm of PAYLOADSHA256 and its ALT.";
    PAYLOADSHA256ALT = 5097, "Digest of the uncompressed payload.";
    RPMFORMAT = 5114, "Package format, from 6 on.";
    PAYLOADSHA512 = 5121, "Digest of the payload as stored.";
    PAYLOADSHA512ALT = 5122, "Digest of the uncompressed payload.";
    PAYLOADSHA3_256 = 5123, "Digest of the payload as stored.";
    PAYLOADSHA3_256ALT = 5124, "Digest of the uncompressed payload.";
}

impl std::fmt::Display for HeaderTag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}
