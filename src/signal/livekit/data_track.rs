//! Data tracks: named streams of packets.

use super::encryption;

#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct DataTrackInfo {
    #[prost(uint32, tag = "1")]
    pub pub_handle: u32,
    #[prost(string, tag = "2")]
    pub sid: ::prost::alloc::string::String,
    #[prost(string, tag = "3")]
    pub name: ::prost::alloc::string::String,
    #[prost(enumeration = "encryption::Type", tag = "4")]
    pub encryption: i32,
    /// A `DataTrackFrameEncoding`, handed on as it came.
    #[prost(bytes = "vec", optional, tag = "5")]
    pub frame_encoding: ::core::option::Option<::prost::alloc::vec::Vec<u8>>,
    /// A `DataTrackSchemaId`, handed on as it came.
    #[prost(bytes = "vec", optional, tag = "6")]
    pub schema: ::core::option::Option<::prost::alloc::vec::Vec<u8>>,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct DataTrackSubscriptionOptions {
    #[prost(uint32, optional, tag = "1")]
    pub target_fps: ::core::option::Option<u32>,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct PublishDataTrackRequest {
    #[prost(uint32, tag = "1")]
    pub pub_handle: u32,
    #[prost(string, tag = "2")]
    pub name: ::prost::alloc::string::String,
    #[prost(enumeration = "encryption::Type", tag = "3")]
    pub encryption: i32,
    /// A `DataTrackFrameEncoding`.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub frame_encoding: ::core::option::Option<::prost::alloc::vec::Vec<u8>>,
    /// A `DataTrackSchemaId`.
    #[prost(bytes = "vec", optional, tag = "5")]
    pub schema: ::core::option::Option<::prost::alloc::vec::Vec<u8>>,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct PublishDataTrackResponse {
    #[prost(message, optional, tag = "1")]
    pub info: ::core::option::Option<DataTrackInfo>,
}
#[derive(Clone, Copy, PartialEq, Eq, Hash, ::prost::Message)]
pub struct UnpublishDataTrackRequest {
    #[prost(uint32, tag = "1")]
    pub pub_handle: u32,
}
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct UnpublishDataTrackResponse {
    #[prost(message, optional, tag = "1")]
    pub info: ::core::option::Option<DataTrackInfo>,
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct DataTrackSubscriberHandles {
    #[prost(btree_map = "uint32, message", tag = "1")]
    pub sub_handles: ::prost::alloc::collections::BTreeMap<u32, data_track_subscriber_handles::PublishedDataTrack>,
}
/// Nested message and enum types in `DataTrackSubscriberHandles`.
pub mod data_track_subscriber_handles {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct PublishedDataTrack {
        #[prost(string, tag = "1")]
        pub publisher_identity: ::prost::alloc::string::String,
        #[prost(string, tag = "2")]
        pub publisher_sid: ::prost::alloc::string::String,
        #[prost(string, tag = "3")]
        pub track_sid: ::prost::alloc::string::String,
    }
}
#[derive(Clone, PartialEq, ::prost::Message)]
pub struct UpdateDataSubscription {
    #[prost(message, repeated, tag = "1")]
    pub updates: ::prost::alloc::vec::Vec<update_data_subscription::Update>,
}
/// Nested message and enum types in `UpdateDataSubscription`.
pub mod update_data_subscription {
    #[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
    pub struct Update {
        #[prost(string, tag = "1")]
        pub track_sid: ::prost::alloc::string::String,
        #[prost(bool, tag = "2")]
        pub subscribe: bool,
        #[prost(message, optional, tag = "3")]
        pub options: ::core::option::Option<super::DataTrackSubscriptionOptions>,
    }
}
