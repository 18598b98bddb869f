# Networks and private hosted zones, of two accounts.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  skip_metadata_api_check = true
  default_tags { tags = { stage = "test" } }
}

# Another account: in dev its number is its key.
provider "aws" {
  alias                   = "other"
  access_key              = "222233334444"
  secret_key              = "other"
  region                  = "eu-west-1"
  skip_metadata_api_check = true
}

variable "comment" {
  default = "first"
}

resource "aws_vpc" "main" {
  cidr_block                       = "127.10.0.0/16"
  enable_dns_hostnames             = true
  assign_generated_ipv6_cidr_block = true
  tags                             = { Name = "main", comment = var.comment }
}

resource "aws_vpc_ipv4_cidr_block_association" "more" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "127.11.0.0/16"
}

resource "aws_vpc" "second" {
  cidr_block           = "127.12.0.0/16"
  enable_dns_hostnames = true
}

resource "aws_vpc" "dark" {
  cidr_block         = "127.13.0.0/16"
  enable_dns_support = false
}

resource "aws_vpc" "other" {
  provider             = aws.other
  cidr_block           = "127.14.0.0/16"
  enable_dns_hostnames = true
}

data "aws_vpc" "main" {
  tags       = { Name = "main" }
  depends_on = [aws_vpc.main]
}

resource "aws_route53_zone" "public" {
  name = "split.example"
}

resource "aws_route53_zone" "private" {
  name = "split.example"
  vpc { vpc_id = data.aws_vpc.main.id }
  lifecycle { ignore_changes = [vpc] } # the associations are resources of their own
}

resource "aws_route53_zone_association" "second" {
  zone_id = aws_route53_zone.private.id
  vpc_id  = aws_vpc.second.id
}

resource "aws_route53_zone_association" "dark" {
  zone_id = aws_route53_zone.private.id
  vpc_id  = aws_vpc.dark.id
}

resource "aws_route53_vpc_association_authorization" "other" {
  zone_id    = aws_route53_zone.private.id
  vpc_id     = aws_vpc.other.id
  vpc_region = "eu-west-1"
}

resource "aws_route53_zone_association" "other" {
  provider = aws.other
  zone_id  = aws_route53_vpc_association_authorization.other.zone_id
  vpc_id   = aws_route53_vpc_association_authorization.other.vpc_id
}

resource "aws_route53_record" "public" {
  zone_id = aws_route53_zone.public.id
  name    = "www"
  type    = "A"
  ttl     = 60
  records = ["192.0.2.1"]
}

resource "aws_route53_record" "private" {
  zone_id = aws_route53_zone.private.id
  name    = "www"
  type    = "A"
  ttl     = 60
  records = ["10.0.0.1"]
}
