enum NacosWirePlaceholder {}
