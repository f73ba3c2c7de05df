"""A character n-gram model of hotline Chinese, to choose among what may have been heard."""
