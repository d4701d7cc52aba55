//! Data streams: texts and files in chunks, with a header and a trailer.

use super::encryption;

#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct DataStream {}
/// Nested message and enum types in `DataStream`.
pub mod data_stream {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct TextHeader {
        #[prost(enumeration = "OperationType", tag = "1")]
        pub operation_type: i32,
        #[prost(int32, tag = "2")]
        pub version: i32,
        #[prost(string, tag = "3")]
        pub reply_to_stream_id: ::prost::alloc::string::String,
        #[prost(string, repeated, tag = "4")]
        pub attached_stream_ids: ::prost::alloc::vec::Vec<::prost::alloc::string::String>,
        #[prost(bool, tag = "5")]
        pub generated: bool,
    }
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct ByteHeader {
        #[prost(string, tag = "1")]
        pub name: ::prost::alloc::string::String,
    }
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Header {
        #[prost(string, tag = "1")]
        pub stream_id: ::prost::alloc::string::String,
        #[prost(int64, tag = "2")]
        pub timestamp: i64,
        #[prost(string, tag = "3")]
        pub topic: ::prost::alloc::string::String,
        #[prost(string, tag = "4")]
        pub mime_type: ::prost::alloc::string::String,
        #[prost(uint64, optional, tag = "5")]
        pub total_length: ::core::option::Option<u64>,
        #[prost(enumeration = "super::encryption::Type", tag = "7")]
        pub encryption_type: i32,
        #[prost(btree_map = "string, string", tag = "8")]
        pub attributes:
            ::prost::alloc::collections::BTreeMap<::prost::alloc::string::String, ::prost::alloc::string::String>,
        #[prost(bytes = "vec", optional, tag = "11")]
        pub inline_content: ::core::option::Option<::prost::alloc::vec::Vec<u8>>,
        #[prost(enumeration = "CompressionType", tag = "12")]
        pub compression: i32,
        #[prost(oneof = "header::ContentHeader", tags = "9, 10")]
        pub content_header: ::core::option::Option<header::ContentHeader>,
    }
    /// Nested message and enum types in `Header`.
    pub mod header {
        #[derive(Clone, PartialEq, Eq, Hash, ::prost::Oneof)]
        pub enum ContentHeader {
            #[prost(message, tag = "9")]
            TextHeader(super::TextHeader),
            #[prost(message, tag = "10")]
            ByteHeader(super::ByteHeader),
        }
    }
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct Chunk {
        #[prost(string, tag = "1")]
        pub stream_id: ::prost::alloc::string::String,
        #[prost(uint64, tag = "2")]
        pub chunk_index: u64,
        #[prost(bytes = "vec", tag = "3")]
        pub content: ::prost::alloc::vec::Vec<u8>,
        #[prost(int32, tag = "4")]
        pub version: i32,
        #[prost(bytes = "vec", optional, tag = "5")]
        pub iv: ::core::option::Option<::prost::alloc::vec::Vec<u8>>,
    }
    #[derive(Clone, PartialEq, ::prost::Message)]
    pub struct Trailer {
        #[prost(string, tag = "1")]
        pub stream_id: ::prost::alloc::string::String,
        #[prost(string, tag = "2")]
        pub reason: ::prost::alloc::string::String,
        #[prost(btree_map = "string, string", tag = "3")]
        pub attributes:
            ::prost::alloc::collections::BTreeMap<::prost::alloc::string::String, ::prost::alloc::string::String>,
    }
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
    #[repr(i32)]
    pub enum OperationType {
        Create = 0,
        Update = 1,
        Delete = 2,
        Reaction = 3,
    }
    impl OperationType {
        /// String value of the enum field names used in the ProtoBuf definition.
        ///
        /// The values are not transformed in any way and thus are considered stable
        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
        pub fn as_str_name(&self) -> &'static str {
            match self {
                Self::Create => "CREATE",
                Self::Update => "UPDATE",
                Self::Delete => "DELETE",
                Self::Reaction => "REACTION",
            }
        }
        /// Creates an enum from field names used in the ProtoBuf definition.
        pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
            match value {
                "CREATE" => Some(Self::Create),
                "UPDATE" => Some(Self::Update),
                "DELETE" => Some(Self::Delete),
                "REACTION" => Some(Self::Reaction),
                _ => None,
            }
        }
    }
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, ::prost::Enumeration)]
    #[repr(i32)]
    pub enum CompressionType {
        None = 0,
        DeflateRaw = 1,
    }
    impl CompressionType {
        /// String value of the enum field names used in the ProtoBuf definition.
        ///
        /// The values are not transformed in any way and thus are considered stable
        /// (if the ProtoBuf definition does not change) and safe for programmatic use.
        pub fn as_str_name(&self) -> &'static str {
            match self {
                Self::None => "NONE",
                Self::DeflateRaw => "DEFLATE_RAW",
            }
        }
        /// Creates an enum from field names used in the ProtoBuf definition.
        pub fn from_str_name(value: &str) -> ::core::option::Option<Self> {
            match value {
                "NONE" => Some(Self::None),
                "DEFLATE_RAW" => Some(Self::DeflateRaw),
                _ => None,
            }
        }
    }
}
