"""The files of messages: kept in a folder or on S3, known by what they hold."""
